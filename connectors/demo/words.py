"""The vocabulary of the invented world: words for names, streets and goods, nothing that decides anything.

Every character is within Latin-1, as QuickBooks Desktop loses others [facts: quickbooks 4.10].
"""

FIRST_WORDS = (
    "Harbor", "Granite", "Willow", "Copper", "Maple", "Summit", "Prairie", "Cedar", "Juniper", "Lakeside",
    "Northgate", "Riverbend", "Silver", "Amber", "Falcon", "Orchard", "Canyon", "Meadow", "Timber", "Coastal",
    "Magnolia", "Sycamore", "Redwood", "Bluebird", "Ironwood", "Crescent", "Heritage", "Liberty", "Pioneer", "Beacon",
    "Cobblestone", "Driftwood", "Evergreen", "Foxglove", "Hickory", "Kestrel", "Larkspur", "Mohawk", "Palisade",
    "Quarry",
)  # fmt: skip
SECOND_WORDS = (
    "Lantern", "Bridge", "Anchor", "Hollow", "Crossing", "Ridge", "Valley", "Point", "Grove", "Field",
    "Mill", "Stone", "Gate", "Spring", "Brook", "Hill", "Station", "Terrace", "Wharf", "Forge",
    "Barn", "Garden", "Kettle", "Compass", "Harvest", "Acorn", "Plank", "Tower", "Market", "Barrel",
)  # fmt: skip
TRADES = (
    "Hardware", "Kitchens", "Marine", "Bakery", "Catering", "Hotels", "Farms", "Grocers", "Interiors", "Builders",
    "Brewing", "Cafés", "Outfitters", "Plumbing", "Electric", "Roofing", "Nurseries", "Restaurants", "Printing",
    "Cleaning",
)  # fmt: skip
OTHER_TRADES = ("Dental", "Optics", "Aviation", "Robotics", "Ballet School", "Veterinary", "Radio", "Law Office")
"""What the look-alikes do: never a trade of a customer."""
PLAIN_SURNAMES = (
    "Baker", "Marlow", "Whitfield", "Okafor", "Tanaka", "Novak", "Delgado", "Fitzgerald", "Kowalski", "Brennan",
    "Hargrove", "Lindqvist", "Abernathy", "Castellano", "Dunmore", "Eastman", "Fairbanks", "Goodwin", "Holloway",
    "Ivers",
    "Jefferson", "Kirkland", "Langley", "Morrison", "Nakamura", "Ortega", "Pemberton", "Quimby", "Rutherford",
    "Stanton",
)  # fmt: skip
ACCENTED_SURNAMES = (
    "Peña", "Müller", "Béranger", "Núñez", "Gonçalves", "Lefèvre", "Bjäreby", "Zúñiga", "Hélène", "Åkerlund",
    "Muñoz", "Château", "Vögel", "Señora", "Ibáñez", "Crème", "Köhler", "Désirée", "Ávila", "Frühling",
)  # fmt: skip
GIVEN_NAMES = (
    "Alice", "Bruno", "Carla", "Derek", "Elena", "Felix", "Grace", "Hugo", "Irene", "Jonas", "Karen", "Louis",
    "Maria", "Nathan", "Olga", "Pedro", "Renée", "Samuel", "Teresa", "Victor", "Wendy", "Xavier", "Yvonne", "Zoë",
)  # fmt: skip
LEGAL_FORMS = ("LLC", "Inc.", "Corp.", "Ltd.", "")
STREETS = (
    "Canal Street", "Front Street", "Mill Road", "Depot Avenue", "Washington Boulevard", "Elm Street", "Pier 4",
    "Industrial Parkway", "Commerce Drive", "Foundry Lane", "Market Square", "Old Post Road", "Quarry Road",
)  # fmt: skip
CITIES = (
    ("Albany", "NY", "12207"), ("Troy", "NY", "12180"), ("Hudson", "NY", "12534"), ("Kingston", "NY", "12401"),
    ("Yonkers", "NY", "10701"), ("Hoboken", "NJ", "07030"), ("Trenton", "NJ", "08608"), ("Newark", "NJ", "07102"),
    ("Stamford", "CT", "06901"), ("Hartford", "CT", "06103"), ("Boston", "MA", "02110"), ("Worcester", "MA", "01608"),
    ("Providence", "RI", "02903"), ("Concord", "NH", "03301"), ("Burlington", "VT", "05401"),
    ("Scranton", "PA", "18503"),
)  # fmt: skip
JOBS = (
    "Main Street refit", "Dock 3", "Spring opening", "Warehouse B", "Rooftop bar", "Lobby", "Annex", "Phase 2",
    "Food truck", "Cold store", "Test kitchen", "Patio",
)  # fmt: skip
CUSTOMER_TYPES = ("Wholesale", "Retail", "Restaurant", "Contractor", "Hospitality & Events", "Public sector")
TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60), ("2% 10 Net 30", 30))
PAYMENT_METHODS = ("Check", "Cash", "American Express", "Visa", "ACH", "Wire")

GOODS = (
    ("Stock pot 20 qt", "84.50"), ("Chef knife 8 in", "41.95"), ("Sheet pan full", "12.40"), ("Cutting board", "23.75"),
    ("Apron, canvas", "18.00"), ("Oven mitt pair", "9.85"), ("Dish rack", "56.20"), ("Prep table 6 ft", "389.00"),
    ("Shelving unit", "142.60"), ("Hand truck", "118.35"), ("LED high bay", "97.15"), ("Extension cord 50 ft", "33.49"),
    ("Work gloves dozen", "27.90"), ("Safety vest", "11.25"), ("Mop bucket", "64.80"), ("Trash liner case", "38.65"),
    ("Café chair", "72.10"), ("Bistro table", "164.00"), ("Espresso cups (24)", "48.30"), ("Syrup pump", "6.75"),
    ("Deck screws 5 lb", "29.99"), ("Anchor bolts box", "44.44"), ("Marine rope", "1.87"), ("Pipe insulation", "2.13"),
    ("Canvas awning fabric", "14.37"), ("Bulk flour", "0.83"), ("Copper tube", "3.29"), ("Coffee beans", "8.61"),
)  # fmt: skip
"""Name and list price. The cheap ones at the end are sold by the foot, the pound or the yard."""
SERVICES = (("Delivery", "35.00"), ("Installation hour", "88.00"), ("Knife sharpening", "4.50"), ("Design", "120.00"))
NON_STOCK = (("Special order", "0.00"), ("Catalog 2026", "5.00"))
CHARGES = (("Freight", "62.00"), ("Pallet deposit", "15.00"), ("Rush handling", "45.00"))
TAXES = (("NY Sales Tax", "8.25"), ("NJ Sales Tax", "6.625"), ("Out of State", "0"))
