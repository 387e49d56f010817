"""The words of the live plane: batches, the frames that pass between steps, the ports to the outside."""
