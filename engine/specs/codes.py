"""The stable codes of diagnostics, each with the one line that `engine codes` shows."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, str]] = {
    # the text itself
    "E101": "The file is not well-formed YAML.",
    "E102": "A key stands twice in one block.",
    "E103": "YAML tags (!name) are not part of the language.",
    "E104": "Too many aliases, or an alias inside itself.",
    "E105": "The file is too large or too deeply nested.",
    "E106": "A key must be plain text.",
    "E107": "A key has no value; null must be written out.",
    "E108": "YAML merge keys (<<) are not part of the language; use extends.",
    "E109": "The file, folder or preset is not there or cannot be read.",
    # its shape
    "E110": "A key is not known in this place.",
    "E111": "A required key is missing.",
    "E112": "A value has another type than this place takes.",
    "E113": "A value is not one of those that this place takes.",
    "E114": "A value has not the form that this place takes.",
    "E115": "A list or block has too few or too many entries.",
    "E116": "A rule needs exactly one of from, template, value, setting.",
    "E117": "Keys stand together that exclude each other.",
    "E118": "What extends names cannot be taken.",
    "E119": "null removes what a preset brings, but here it brings nothing of this name.",
    "E120": "Two files of a set define the same mapping.",
    # names
    "E201": "No connector of this name.",
    "E202": "The system has no such entity.",
    "E203": "The source has no such field.",
    "E204": "The target has no such field.",
    "E205": "The set has no such mapping.",
    "E206": "No preset declares this setting.",
    "E208": "The target has no such child list.",
    "E209": "The set has no such template file.",
    "E210": "A template names something that it cannot see.",
    "E211": "Templates have no such filter or test.",
    # expressions
    "E221": "The JMESPath cannot be parsed.",
    "E222": "JMESPath has no such function, or not with so many arguments.",
    "E223": "The template cannot be parsed.",
    "E224": "Templates may not use this construct.",
    "E225": "A comparison of different types is never true.",
    "E226": "A field is taken of something that has no fields.",
    "E228": "A function is given a value of a type that it does not take.",
    "E227": "A comparison with a text that the field never has.",
    # values
    "E231": "The value's type does not fit the target field.",
    "E232": "The target's options don't include this text.",
    "E233": "The text is longer than the target field takes.",
    "E234": "The target field cannot be written.",
    "E235": "A create needs this target field, and no rule gives it.",
    "E236": "The transform does not take a value of this type.",
    "E237": "The transform's argument is not of the form that it takes.",
    "E238": "choose does not say what one of the possible values becomes.",
    "E239": "The target entity has no custom fields.",
    "E240": "A custom field cannot be true or false; choose texts.",
    "E241": "A setting's value has another type than its declaration.",
    "E242": "A setting that is used has neither a value nor a default.",
    "E243": "A setting is used where its type does not fit.",
    "E244": "The rules of a set give one custom field different types.",
    # structure
    "E251": "The target entity's records cannot be created (or changed) by mappings.",
    "E252": "each must select a list of objects.",
    "E253": "each needs a key.",
    "E254": "combine needs one_per, and a rule for each field that it names.",
    "E255": "This way of combining does not fit the value's type.",
    "E256": "The reference leads to another entity than the field holds.",
    "E257": "A field that holds another record's key needs via.",
    "E258": "since needs an entity with a date, and a date.",
    "E259": "append must say which field; no single rewritten field is filled by a template.",
    "E260": "A match target must be a field of the target or of records related to it.",
    "E261": "Required references form a circle: no record could be the first.",
    "E262": "A scope's field must be a writable text of the target, and its value a text.",
    "E263": "The options of another custom field are put into this one.",
    "E264": "This key has no meaning for a mapping of linked records.",
    "E265": "The reference's key belongs to another entity than the mapping reads.",
    # warnings
    "W301": "A declared setting is used by no mapping.",
}
"""Code -> one-line explanation. Codes are never reused; E is an error, W a warning."""
