"""`make run`: check the machine, start the stack, supervise it until told to stop, end it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from fraud_common.errors import FraudScorerError, SettingsError
from fraud_stack.clean import note_owner
from fraud_stack.databases import FRAUD, databases
from fraud_stack.errors import ProcessFailed, StopRequested
from fraud_stack.local_env import chosen_by_the_user, in_force, write_local_env
from fraud_stack.lock import only_one
from fraud_stack.options import StackOptions
from fraud_stack.preflight import check_machine, check_secrets
from fraud_stack.private_files import make_private, private_files
from fraud_stack.processes import kill, leftovers
from fraud_stack.stack import Stack
from fraud_stack.supervisor import Supervisor
from fraud_stack.terminal import Terminal

# a setting of the user's, and the service that is then not started
OWN = (
    ("PAYMENTS_API_URL", "payments"),
    ("SMTP_HOST", "mailbox"),
    ("FRAUD_DB_URL", "fraud-db"),
    ("SAGEMAKER_ENDPOINT", "endpoint"),
)
NO_PASSWORDS = {"STACK_FRAUD_DB_PASSWORD": "", "STACK_AIRFLOW_DB_PASSWORD": ""}
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_stack(options: StackOptions, terminal: Terminal | None = None) -> int:
    """Start everything, watch it until told to stop, end everything.

    Returns:
        0 if it ended because it was told to, 1 if it could not be started.
    """
    terminal = terminal or Terminal()
    try:
        with private_files(), only_one(options.data_dir):
            make_private(options.data_dir)
            return _run(options, terminal)
    except SettingsError as error:
        terminal.trouble(error.what, error.cure)
        return 2


def _run(options: StackOptions, terminal: Terminal) -> int:
    end_leftovers(options, terminal)
    options = leave_out_the_users_own(options, terminal)
    check_machine(options, used_ports(options))
    servers = databases(options, NO_PASSWORDS).values()
    check_secrets(options.data_dir / "local.env", [server.data_dir for server in servers])
    note_owner(options)
    values = in_force(write_local_env(options), options.checkout)
    stack = Stack(options, values, terminal)
    with told_to_stop(stack.stopping):
        try:
            stack.start()
            say_where(stack)
            Supervisor(stack).until(stack.stopping)
            code = 0
        except StopRequested:
            code = 0
        except FraudScorerError as error:
            lines = list(error.lines) if isinstance(error, ProcessFailed) else []
            terminal.trouble(error.what, error.cure, lines)
            code = 1
        finally:
            terminal.quiet()
            began = time.monotonic()
            stack.end()
    terminal.say(
        f"everything is ended, after {time.monotonic() - began:.1f} s; `make run` carries on with the same data"
    )
    return code


@contextmanager
def told_to_stop(stopping: threading.Event) -> Iterator[None]:
    """While this lasts, Ctrl-C, SIGTERM and a terminal's hang-up set ``stopping``."""
    before = {number: signal.signal(number, lambda *_: stopping.set()) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_leftovers(options: StackOptions, terminal: Terminal) -> bool:
    """End the processes that an earlier, killed stack on this data folder left; False if there were none."""
    left = leftovers(options.data_dir)
    if left:
        kill(left)
        terminal.say(f"ended {len(left)} processes that an earlier run had left")
    serving = [one for one in databases(options, NO_PASSWORDS).values() if one.running()]
    for server in serving:
        server.stop()
        terminal.say(f"stopped the PostgreSQL in {server.data_dir} that an earlier run had left")
    return bool(left or serving)


def leave_out_the_users_own(options: StackOptions, terminal: Terminal) -> StackOptions:
    """The options without the services for which the user has named servers of their own."""
    own = chosen_by_the_user(options.checkout)
    replaced = {service: name for name, service in OWN if name in own and (service != "endpoint" or options.endpoint)}
    for service, name in replaced.items():
        terminal.say(f"{name} is yours: {service} is not started")
    return StackOptions(**{**vars(options), "without": options.without | set(replaced)})


def used_ports(options: StackOptions) -> list[str]:
    """Names of the ports this stack will listen on."""
    service = {"airflow": "airflow-api", "smtp": "mailbox", "imap": "mailbox"}
    unused = options.without | (frozenset() if options.endpoint else {"endpoint"})
    return [name for name in options.ports if service.get(name, name) not in unused]


def say_where(stack: Stack) -> None:
    """Print the addresses and the login."""
    terminal, port = stack.terminal, stack.options.ports
    terminal.quiet()
    rows = [
        ("dashboard", f"http://127.0.0.1:{port['dashboard']}", "yesterday's payments and frauds"),
        ("mailbox", f"http://127.0.0.1:{port['mailbox']}", "the fraud mails"),
        (
            "airflow-api",
            f"http://127.0.0.1:{port['airflow']}",
            f"user admin, password {stack.values['STACK_AIRFLOW_PASSWORD']}",
        ),
        ("payments", f"http://127.0.0.1:{port['payments']}", f"the simulator: {stack.options.pace} payments a minute"),
        ("fraud-db", f"127.0.0.1:{port['fraud-db']}/fraud_db", f"login in {stack.options.data_dir / 'local.env'}"),
    ]
    if stack.options.endpoint:
        rows.append(("endpoint", f"http://127.0.0.1:{port['endpoint']}", "the SageMaker endpoint's local twin"))
    terminal.say("")
    for name, address, what in rows:
        if name not in stack.options.without:
            terminal.say(f"  [bold]{name.removesuffix('-api'):<10}[/] {address:<34} {what}")
    home = stack.databases[FRAUD].data_dir.parent if FRAUD in stack.databases else stack.options.data_dir
    if home != stack.options.data_dir:
        terminal.say(f"  PostgreSQL's files lie in {home}: as root it runs as a user who cannot reach the data folder")
    terminal.say(
        f"\nup after {terminal.seconds():.0f} s; one line a minute follows; Ctrl-C (or make stop) ends everything\n"
    )
