"""Names of people, streets, jobs and shops. Kept here, not taken from a library: a seed means the same for ever."""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


WOMEN = _words(
    """
    Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Lisa Nancy Betty Sandra Margaret Ashley
    Kimberly Emily Donna Michelle Carol Amanda Melissa Deborah Stephanie Dorothy Rebecca Sharon Laura Cynthia Amy
    Kathleen Angela Shirley Brenda Emma Anna Pamela Nicole Samantha Katherine Christine Helen Debra Rachel Carolyn
    Janet Maria Catherine Heather Diane Olivia Julie Joyce Victoria Ruth Virginia Lauren Kelly Christina Joan Evelyn
    Judith Andrea Hannah Megan Cheryl Jacqueline Martha Madison Teresa Gloria Sara Janice Ann Kathryn Abigail Sophia
    Frances Jean Alice Judy Isabella Julia Grace Amber Denise Danielle Marilyn Beverly Charlotte Natalie Theresa
    Diana Brittany
    """
)
MEN = _words(
    """
    James Robert John Michael David William Richard Joseph Thomas Christopher Charles Daniel Matthew Anthony Mark
    Donald Steven Andrew Paul Joshua Kenneth Kevin Brian Timothy Ronald George Jason Edward Jeffrey Ryan Jacob
    Nicholas Gary Eric Jonathan Stephen Larry Justin Scott Brandon Benjamin Samuel Gregory Alexander Patrick Frank
    Raymond Jack Dennis Jerry Tyler Aaron Jose Adam Nathan Henry Zachary Douglas Peter Kyle Noah Ethan Jeremy Walter
    Christian Keith Roger Terry Austin Sean Gerald Carl Harold Dylan Arthur Lawrence Jordan Jesse Bryan Billy Bruce
    Gabriel Joe Logan Alan Juan Albert Willie Elijah Wayne Randy Vincent Mason Roy Ralph Bobby Russell Bradley
    Philip Eugene
    """
)
SURNAMES = _words(
    """
    Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson
    Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson
    Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell
    Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris
    Morales Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward
    Richardson Watson Brooks Chavez Wood Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo Sanders Patel Myers
    Long Ross Foster Jimenez Powell Jenkins Perry Russell Sullivan Bell Coleman Butler Henderson Barnes Fisher
    Vasquez Simmons Romero Jordan Patterson Alexander Hamilton Graham Reynolds Griffin Wallace Moreno West Cole
    Hayes Bryant Herrera Gibson Ellis Tran Medina Aguilar Stevens Murray Ford Castro Marshall Owens Harrison
    Fernandez McDonald Woods Washington Kennedy Wells Vargas Henry Chen Freeman Webb Tucker Guzman Burns Crawford
    Olson Simpson Porter Hunter Gordon Mendez Silva Shaw Snyder Mason Dixon Munoz Hunt Hicks Holmes Palmer Wagner
    Black Robertson Boyd Rose Stone Salazar Fox Warren Mills Meyer Rice Schmidt Garza Daniels Ferguson Nichols
    Stephens Soto Weaver Ryan Gardner Payne Grant Dunn Kelley Spencer Hawkins
    """
)
STREETS = _words(
    """
    Maple Oak Cedar Pine Elm Walnut Chestnut Spruce Birch Willow Hickory Poplar Main Church High Park Lake Hill
    River Spring Valley Meadow Forest Sunset Ridge Highland Prospect Franklin Jefferson Lincoln Jackson Madison
    Monroe Adams Grant Washington Harrison Liberty Union Center Mill School Bridge Railroad Orchard Garden Cherry
    Dogwood Magnolia Sycamore Juniper Laurel Holly Hazel Aspen Quarry Harbor Canal Market Locust
    """
)
STREET_KINDS = _words("Street Avenue Road Lane Drive Court Place Terrace Way Boulevard")
JOBS = [
    *_words(
        """
        Accountant Actuary Architect Baker Barista Bookkeeper Carpenter Cashier Chef Chemist Electrician
        Engineer Farmer Firefighter Geologist Hairdresser Journalist Lawyer Lecturer Librarian Machinist
        Mechanic Midwife Musician Nurse Optometrist Painter Paramedic Pharmacist Photographer Physiotherapist
        Pilot Plumber Porter Psychologist Receptionist Retired Roofer Secretary Statistician Student Surgeon
        Surveyor Tailor Teacher Technician Translator Veterinarian Welder Writer
        """
    ),
    *[
        "Bus driver", "Civil engineer", "Dental hygienist", "Event organiser", "Film editor", "Graphic designer",
        "Hotel manager", "Insurance broker", "Landscape architect", "Marine scientist", "Office manager",
        "Police officer", "Programmer, applications", "Sales executive", "Social worker", "Truck driver",
    ],
]  # fmt: skip
SHOP_FORMS = ["{0} {kind}", "{0} & {1}", "{0}-{1}", "{0}, {1} and {2}", "{0} and Sons", "{0} {kind} Co", "{0} LLC"]
SHOP_KINDS = {
    "entertainment": _words("Cinema Games Bowling Tickets Arcade Theatre"),
    "food_dining": _words("Diner Grill Kitchen Pizza Cafe Bistro"),
    "gas_transport": _words("Fuel Gas Petroleum Transit Motors Stations"),
    "grocery_net": _words("Grocer Direct Pantry Fresh Basket Farmbox"),
    "grocery_pos": _words("Market Foods Supermarket Grocery Provisions Deli"),
    "health_fitness": _words("Pharmacy Fitness Clinic Yoga Gym Dental"),
    "home": _words("Hardware Furniture Garden Interiors Lumber Lighting"),
    "kids_pets": _words("Toys Pets Kids Playhouse Aquarium Kennels"),
    "misc_net": _words("Online Digital Web Media Downloads Services"),
    "misc_pos": _words("Supplies Variety Goods Trading Outlet Corner"),
    "personal_care": _words("Salon Barbers Cosmetics Spa Beauty Soap"),
    "shopping_net": _words("Online Electronics Fashion Shoes Books Store"),
    "shopping_pos": _words("Department Fashion Shoes Jewelry Electronics Outfitters"),
    "travel": _words("Travel Airways Hotels Rentals Cruises Lodges"),
}
