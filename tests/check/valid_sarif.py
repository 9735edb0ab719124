# SPDX-License-Identifier: GPL-3.0-or-later
"""Validate a SARIF log: against its schema, and what a schema cannot say.

usage: valid_sarif.py SCHEMA LOG; prints the number of results, or what is wrong (exit code 1).
"""
import json
import sys
import urllib.parse

import jsonschema


def check_result(run, result):
    """A result's links lead where they say."""
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert rule["id"] == result["ruleId"], "ruleIndex and ruleId differ"
    for location in result["locations"]:
        place = location["physicalLocation"]
        artifact = run["artifacts"][place["artifactLocation"]["index"]]
        assert artifact["location"]["uri"] == place["artifactLocation"]["uri"], "artifact index"
        uri = urllib.parse.urlsplit(place["artifactLocation"]["uri"])
        assert uri.scheme in ("", "file") and not uri.query and not uri.fragment, "not a path"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    with open(sys.argv[2], encoding="utf-8") as file:
        log = json.load(file)
    jsonschema.Draft4Validator.check_schema(schema)
    try:
        checker = jsonschema.FormatChecker()
        jsonschema.Draft4Validator(schema, format_checker=checker).validate(log)
        for run in log["runs"]:
            for result in run["results"]:
                check_result(run, result)
    except (jsonschema.ValidationError, AssertionError) as error:
        sys.exit(str(error))
    print(sum(len(run["results"]) for run in log["runs"]), "results")


main()
