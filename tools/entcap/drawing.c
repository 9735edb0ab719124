/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drawing.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RENDERER "entcap-draw"

/* The min cut with its sides, and the shared-weights bound where it is smaller. */
static ec_status find_cut(ec_cut *cut, ec_int *shared, bool *shared_smaller, const ec_arch *arch,
                          const ec_sites *a, const ec_run *run, ec_error *err)
{
    ec_network *network = NULL;
    ec_status status;

    *shared_smaller = false;
    if (ec_arch_is_network(arch)) {
        status = ec_network_from_arch(&network, arch, run, err);
        if (status == EC_OK)
            status = ec_bound_min_cut_igraph(cut, network, a, run, err);
        ec_network_free(network);
        return status;
    }
    status = ec_bound_min_cut_tree(cut, arch, a, true, run, err);
    if (status == EC_OK)
        status = ec_bound_shared(shared_smaller, shared, arch, a, run, err);
    *shared_smaller = *shared_smaller && ec_int_cmp(shared, &cut->rank) < 0;
    return status;
}

ec_status drawing_make_as(ec_drawing **out, const ec_arch *arch, ec_draw_options options,
                          const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_cut cut = {0};
    ec_int shared = {0};
    bool shared_smaller = false;

    *out = NULL;
    if (options.partition != NULL) {
        status = find_cut(&cut, &shared, &shared_smaller, arch, &options.partition->a, run, err);
        options.cut = &cut;
        options.shared_rank = shared_smaller ? &shared : NULL;
    }
    if (status == EC_OK)
        status = ec_drawing_from_arch(out, arch, &options, run, err);
    ec_cut_clear(&cut);
    ec_int_clear(&shared);
    return status;
}

ec_status drawing_make(ec_drawing **out, const ec_arch *arch, const ec_partition *partition,
                       const char *id, ec_draw_fold fold, const ec_run *run, ec_error *err)
{
    ec_draw_options options = {.id = id, .partition = partition, .fold = fold};

    return drawing_make_as(out, arch, options, run, err);
}

/* Where the renderer is: beside this very program, or under its bare name in PATH. */
static bool find_renderer(char *path, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    char *slash = NULL;

    if (length > 0) {
        path[length] = '\0';
        slash = strrchr(path, '/');
    }
    if (slash != NULL && (size_t)(slash + 1 - path) + sizeof RENDERER <= size) {
        memcpy(slash + 1, RENDERER, sizeof RENDERER);
        if (ec_program_exists(path))
            return true;
    }
    snprintf(path, size, "%s", RENDERER);
    return ec_program_exists(RENDERER);
}

bool drawing_available(void)
{
    char renderer[4096];

    return find_renderer(renderer, sizeof renderer);
}

ec_status drawing_render(ec_text *out, const ec_drawing *drawing, const char *format, ec_error *err)
{
    char renderer[4096], *text = NULL;
    size_t size = 0;

    if (!find_renderer(renderer, sizeof renderer))
        return ec_fail(err, EC_EIO, RENDERER " is neither beside entcap nor in PATH");
    ec_status status = ec_drawing_write(&text, &size, drawing, err);
    if (status == EC_OK) {
        const char *const argv[] = {renderer, format, NULL};
        status = ec_program_run(out, argv, text, size, err);
    }
    ec_free(text);
    return status;
}
