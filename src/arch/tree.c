/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tree.h"

#include <string.h>
#include <yaml.h>

/*
 * The tree is built from libyaml's events rather than by its document loader: that one nests
 * without limit, resolves aliases (a short text can become a huge tree), and keeps neither the
 * style of a scalar nor the order of repeated keys.
 */

/* The tree under construction: the open lists and maps, innermost last. */
struct builder {
    ec_tree *tree;
    size_t depth;
    uint32_t open[EC_TREE_MAX_DEPTH];
    uint32_t last_child[EC_TREE_MAX_DEPTH];
    bool done; /* the end of the stream has been seen */
};

/* libyaml counts from 0, in characters */
static ec_place place_of(yaml_mark_t mark)
{
    return (ec_place){.line = (int)mark.line + 1, .col = (int)mark.column + 1};
}

/* Append a node to the innermost open list or map; *id is its number. */
static ec_status add_node(uint32_t *id, struct builder *b, ec_node node, ec_error *err)
{
    ec_tree *tree = b->tree;

    if (tree->n_nodes == tree->room) {
        size_t room = tree->room > 0 ? 2 * tree->room : 64;
        ec_node *nodes = ec_realloc(tree->nodes, room, sizeof *nodes, err);
        if (nodes == NULL)
            return EC_ENOMEM;
        tree->nodes = nodes;
        tree->room = room;
    }
    *id = (uint32_t)tree->n_nodes++;
    tree->nodes[*id] = node;
    if (b->depth > 0) {
        ec_node *parent = &tree->nodes[b->open[b->depth - 1]];
        bool is_key = parent->kind == EC_NODE_MAP && parent->count % 2 == 0;
        if (is_key && node.kind != EC_NODE_SCALAR)
            return ec_source_fail(&tree->source, node.place, err,
                                  "a key is a word, not a list or map");
        if (parent->count++ == 0)
            parent->first = *id;
        else
            tree->nodes[b->last_child[b->depth - 1]].next = *id;
        b->last_child[b->depth - 1] = *id;
    }
    return EC_OK;
}

/* Failures of ec_text_add are kept in the text and reported at the end of the parse. */
static ec_status add_scalar(struct builder *b, const yaml_event_t *event, ec_error *err)
{
    ec_tree *tree = b->tree;
    const char *value = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    ec_node node = {.kind = EC_NODE_SCALAR,
                    .plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE,
                    .value = (uint32_t)tree->strings.size,
                    .place = place_of(event->start_mark)};
    uint32_t id;

    /* only an escape can bring one here; everything after this relies on C strings */
    if (memchr(value, '\0', length) != NULL)
        return ec_source_fail(&tree->source, node.place, err, "a NUL character is not allowed");
    ec_text_add(&tree->strings, value, length);
    ec_text_add(&tree->strings, "", 1);
    return add_node(&id, b, node, err);
}

/* Everything that walks the tree may recurse: its depth is bounded here. */
static ec_status open_node(struct builder *b, ec_node_kind kind, yaml_mark_t mark, ec_error *err)
{
    ec_node node = {.kind = kind, .place = place_of(mark)};
    uint32_t id = 0;
    ec_status status;

    if (b->depth == EC_TREE_MAX_DEPTH)
        return ec_source_fail(&b->tree->source, node.place, err, "nested more than %d levels deep",
                              EC_TREE_MAX_DEPTH);
    status = add_node(&id, b, node, err);
    if (status == EC_OK)
        b->open[b->depth++] = id;
    return status;
}

/* Refuse what YAML has and descriptions have not. */
static ec_status check_event(const ec_tree *tree, const yaml_event_t *event, ec_error *err)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    const char *what = NULL;

    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (event->type == YAML_ALIAS_EVENT)
        what = "aliases are not allowed; write the value out";
    else if (anchor != NULL)
        what = "anchors are not allowed; write the value alone";
    else if (tag != NULL)
        what = "tags are not allowed; write the value alone";
    else if (event->type == YAML_DOCUMENT_START_EVENT && tree->n_nodes > 0)
        what = "a file holds one description; remove the second document";
    else if (event->type == YAML_DOCUMENT_START_EVENT &&
             event->data.document_start.tag_directives.start !=
                 event->data.document_start.tag_directives.end)
        what = "tags are not allowed; remove the %TAG line";
    if (what == NULL)
        return EC_OK;
    return ec_source_fail(&tree->source, place_of(event->start_mark), err, "%s", what);
}

static ec_status take_event(struct builder *b, const yaml_event_t *event, ec_error *err)
{
    ec_status status = check_event(b->tree, event, err);

    if (status != EC_OK)
        return status;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return add_scalar(b, event, err);
    case YAML_SEQUENCE_START_EVENT:
        return open_node(b, EC_NODE_LIST, event->start_mark, err);
    case YAML_MAPPING_START_EVENT:
        return open_node(b, EC_NODE_MAP, event->start_mark, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return EC_OK;
    case YAML_STREAM_END_EVENT:
        b->done = true;
        return EC_OK;
    default: /* starts of the stream and the document, ends of documents */
        return EC_OK;
    }
}

/*
 * Syntax errors of libyaml in words that say what would be right: `problem` and `context` are
 * parts of its own message (the empty string is part of all), `at_context` marks where the
 * mistake is where it started rather than where it was noticed.
 */
static const struct wording {
    const char *problem, *context;
    bool at_context;
    const char *msg;
} wordings[] = {
    {"mapping values are not allowed", "", false,
     "a second ':' cannot stand here; quote the value or check the indentation"},
    {"cannot start any token", "", false,
     "this character cannot start a value; put the value in quotes"},
    {"expected ',' or ']'", "", false, "a list goes on with ',' or ends with ']'"},
    {"expected ',' or '}'", "", false, "a map goes on with ',' or ends with '}'"},
    {"expected key", "block mapping", false, "a key is expected here; check the indentation"},
    {"expected '-'", "", false, "a list goes on with '- '; check the indentation"},
    {"block sequence entries", "", false, "a list cannot start here; check the indentation"},
    {"unexpected end of stream", "quoted", true, "this quote is not closed"},
    {"document indicator", "quoted", true, "this quote is not closed"},
    {"could not find expected ':'", "simple key", true, "a key is followed by ': '"},
    {"unknown escape", "", false, "there is no such escape; write a backslash twice"},
    {"Unicode character escape", "", false,
     "this is not the escape of a character; write the character itself"},
    {"expected node content", "", false, "a value is expected here"},
    {"incompatible YAML", "", false, "only YAML 1.1 and 1.2 are read; remove this line"},
    {"expected <document start>", "", false, "nothing may follow here; check the indentation"},
};

static ec_status syntax_error(const struct builder *b, const yaml_parser_t *parser, ec_error *err)
{
    const ec_source *source = &b->tree->source;
    const char *problem = parser->problem != NULL ? parser->problem : "malformed YAML";
    const char *context = parser->context != NULL ? parser->context : "";
    ec_place place = place_of(parser->problem_mark);
    size_t at = ec_source_offset(source, place);

    if (parser->error == YAML_MEMORY_ERROR)
        return ec_fail(err, EC_ENOMEM, "out of memory while reading YAML");
    if (strstr(problem, "cannot start any token") != NULL && at < source->size &&
        source->data[at] == '\t')
        return ec_source_fail(source, place, err, "a tab cannot indent; use spaces");
    /* noticed at the end of the file, far from the bracket that is to blame */
    if (at == source->size && strstr(context, "flow") != NULL && b->depth > 0)
        return ec_source_fail(source, b->tree->nodes[b->open[b->depth - 1]].place, err,
                              "this bracket is not closed");
    for (size_t i = 0; i < sizeof wordings / sizeof *wordings; i++) {
        const struct wording *w = &wordings[i];
        if (strstr(problem, w->problem) == NULL || strstr(context, w->context) == NULL)
            continue;
        if (w->at_context)
            place = place_of(parser->context_mark);
        return ec_source_fail(source, place, err, "%s", w->msg);
    }
    return ec_source_fail(source, place, err, "%s%s%s", problem, *context != '\0' ? " " : "",
                          context);
}

ec_status ec_tree_parse(ec_tree *out, const ec_source *source, ec_error *err)
{
    ec_status status = EC_OK;
    struct builder b = {.tree = out};
    yaml_parser_t parser;

    *out = (ec_tree){.source = *source};
    if (!yaml_parser_initialize(&parser))
        return ec_fail(err, EC_ENOMEM, "out of memory while reading YAML");
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)source->data, source->size);
    while (!b.done && status == EC_OK) {
        yaml_event_t event;
        if (yaml_parser_parse(&parser, &event)) {
            status = take_event(&b, &event, err);
            yaml_event_delete(&event);
        } else
            status = syntax_error(&b, &parser, err);
    }
    yaml_parser_delete(&parser);
    if (status == EC_OK)
        status = ec_text_check(&out->strings, err);
    if (status == EC_OK && out->n_nodes == 0)
        status = ec_source_fail(source, (ec_place){1, 1}, err,
                                "the description is empty; it has name, input and layers");
    return status;
}

void ec_tree_clear(ec_tree *tree)
{
    ec_free(tree->nodes);
    ec_text_clear(&tree->strings);
    *tree = (ec_tree){.n_nodes = 0};
}

const ec_node *ec_tree_first(const ec_tree *tree, const ec_node *node)
{
    return node->first > 0 ? tree->nodes + node->first : NULL;
}

const ec_node *ec_tree_next(const ec_tree *tree, const ec_node *node)
{
    return node->next > 0 ? tree->nodes + node->next : NULL;
}

const char *ec_tree_string(const ec_tree *tree, const ec_node *node)
{
    return tree->strings.bytes + node->value;
}

ec_place ec_tree_inside(const ec_tree *tree, const ec_node *node, size_t offset)
{
    const char *value = ec_tree_string(tree, node);
    size_t at = ec_source_offset(&tree->source, node->place) + (node->plain ? 0 : 1);
    ec_place place = node->place;

    /* escapes, folded lines and block scalars differ from what they stand for */
    if (offset > strlen(value) || tree->source.size - at < offset ||
        memcmp(tree->source.data + at, value, offset) != 0)
        return place;
    place.col += node->plain ? 0 : 1;
    for (size_t i = 0; i < offset; i++)
        place.col += ((unsigned char)value[i] & 0xc0) != 0x80;
    return place;
}
