/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Findings as a SARIF 2.1.0 log: one run, all rules, a result for each finding. */
#include "check/check_i.h"

#include <string.h>

#define SCHEMA "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"

/* A message object of plain text. */
static void put_message(ec_json *json, const char *key, const char *text)
{
    ec_json_open(json, key, EC_JSON_OBJECT_LINE);
    ec_json_string(json, "text", text);
    ec_json_close(json);
}

/* A file's path as a URI reference (RFC 3986): relative as given, else below file://. */
static void put_uri(ec_json *json, const char *path)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789-._~/";
    ec_text uri = {0};

    ec_text_puts(&uri, path[0] == '/' ? "file://" : "");
    for (; *path != '\0'; path++) {
        if (strchr(plain, *path) != NULL)
            ec_text_add(&uri, path, 1);
        else
            ec_text_printf(&uri, "%%%02X", (unsigned char)*path);
    }
    ec_json_string(json, "uri", ec_text_get(&uri));
    if (uri.status != EC_OK)
        json->text.status = uri.status;
    ec_text_clear(&uri);
}

static void put_rule(ec_json *json, const ec_check_rule *rule)
{
    ec_json_open(json, NULL, EC_JSON_OBJECT);
    ec_json_string(json, "id", rule->code);
    ec_json_string(json, "name", rule->name);
    put_message(json, "shortDescription", rule->summary);
    put_message(json, "fullDescription", rule->text);
    put_message(json, "help", rule->text);
    ec_json_open(json, "defaultConfiguration", EC_JSON_OBJECT_LINE);
    ec_json_string(json, "level", ec_severity_text(rule->severity));
    ec_json_close(json);
    ec_json_close(json);
}

static void put_tool(ec_json *json)
{
    ec_json_open(json, "tool", EC_JSON_OBJECT);
    ec_json_open(json, "driver", EC_JSON_OBJECT);
    ec_json_string(json, "name", "entcap");
    ec_json_string(json, "version", EC_VERSION);
    ec_json_open(json, "rules", EC_JSON_ARRAY);
    for (size_t k = 0; k < EC_N_RULES; k++)
        put_rule(json, ec_check_rule_at(k));
    ec_json_close(json);
    ec_json_close(json);
    ec_json_close(json);
}

static void put_artifacts(ec_json *json, const ec_checked_file *files, size_t n)
{
    ec_json_open(json, "artifacts", EC_JSON_ARRAY);
    for (size_t i = 0; i < n; i++) {
        ec_json_open(json, NULL, EC_JSON_OBJECT_LINE);
        ec_json_open(json, "location", EC_JSON_OBJECT_LINE);
        put_uri(json, files[i].file);
        ec_json_close(json);
        ec_json_close(json);
    }
    ec_json_close(json);
}

static void put_location(ec_json *json, const char *file, size_t number, ec_place place)
{
    ec_json_open(json, "locations", EC_JSON_ARRAY_LINE);
    ec_json_open(json, NULL, EC_JSON_OBJECT_LINE);
    ec_json_open(json, "physicalLocation", EC_JSON_OBJECT_LINE);
    ec_json_open(json, "artifactLocation", EC_JSON_OBJECT_LINE);
    put_uri(json, file);
    ec_json_uint(json, "index", number);
    ec_json_close(json);
    if (place.line > 0) {
        ec_json_open(json, "region", EC_JSON_OBJECT_LINE);
        ec_json_uint(json, "startLine", (uint64_t)place.line);
        ec_json_uint(json, "startColumn", (uint64_t)place.col);
        ec_json_close(json);
    }
    ec_json_close(json);
    ec_json_close(json);
    ec_json_close(json);
}

/* The message has the remedy, too: viewers show it alone. */
static void put_result(ec_json *json, const char *file, size_t number, const ec_finding *finding)
{
    ec_text text = {0};

    ec_put_message(&text, finding);
    if (finding->remedy[0] != '\0') {
        ec_text_puts(&text, "\n");
        ec_text_puts(&text, finding->remedy);
    }
    ec_json_open(json, NULL, EC_JSON_OBJECT);
    ec_json_string(json, "ruleId", ec_check_rule_at(finding->rule)->code);
    ec_json_uint(json, "ruleIndex", (uint64_t)finding->rule);
    ec_json_string(json, "level", ec_severity_text(finding->severity));
    put_message(json, "message", ec_text_get(&text));
    put_location(json, file, number, finding->place);
    ec_json_open(json, "properties", EC_JSON_OBJECT_LINE);
    ec_json_string(json, "statement", ec_certainty_text(finding->certainty));
    ec_json_close(json);
    ec_json_close(json);
    if (text.status != EC_OK)
        json->text.status = text.status;
    ec_text_clear(&text);
}

void ec_check_print_sarif(ec_json *json, const ec_checked_file *files, size_t n, bool success)
{
    ec_json_open(json, NULL, EC_JSON_OBJECT);
    ec_json_string(json, "$schema", SCHEMA);
    ec_json_string(json, "version", "2.1.0");
    ec_json_open(json, "runs", EC_JSON_ARRAY);
    ec_json_open(json, NULL, EC_JSON_OBJECT);
    put_tool(json);
    ec_json_string(json, "columnKind", "unicodeCodePoints");
    ec_json_open(json, "invocations", EC_JSON_ARRAY);
    ec_json_open(json, NULL, EC_JSON_OBJECT_LINE);
    ec_json_bool(json, "executionSuccessful", success);
    ec_json_close(json);
    ec_json_close(json);
    put_artifacts(json, files, n);
    ec_json_open(json, "results", EC_JSON_ARRAY);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < files[i].check->n_findings; k++)
            put_result(json, files[i].file, i, &files[i].check->findings[k]);
    ec_json_close(json);
    ec_json_close(json);
    ec_json_close(json);
    ec_json_close(json);
}
