/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/network.h"

/* `next` of a matrix that is still to be entered; else the number of its next child */
#define NOT_ENTERED SIZE_MAX

ec_status ec_walk_init(ec_walk *out, const ec_arch *arch, size_t level, size_t position,
                       ec_error *err)
{
    *out = (ec_walk){.arch = arch, .level = level, .top = level};
    out->frame = ec_calloc(level + 1, sizeof *out->frame, err);
    if (out->frame == NULL)
        return EC_ENOMEM;
    out->frame[level] = (struct ec_walk_frame){position, NOT_ENTERED};
    return EC_OK;
}

void ec_walk_clear(ec_walk *walk)
{
    if (walk == NULL)
        return;
    ec_free(walk->frame);
    *walk = (ec_walk){.arch = NULL};
}

ec_walk_event ec_walk_next(ec_walk *walk)
{
    if (walk->ascend) {
        if (walk->level == walk->top)
            return EC_WALK_END;
        walk->level++;
        walk->ascend = false;
    }
    struct ec_walk_frame *at = &walk->frame[walk->level];
    const ec_level *level = &walk->arch->levels[walk->level];

    if (at->next == NOT_ENTERED) {
        at->next = 0;
        return EC_WALK_ENTER;
    }
    if (walk->level == 0 || at->next >= ec_level_window(level)) {
        walk->ascend = true;
        return EC_WALK_LEAVE;
    }
    walk->frame[--walk->level] =
        (struct ec_walk_frame){ec_level_child(level, at->position, at->next++), 0};
    return EC_WALK_ENTER;
}

void ec_walk_skip(ec_walk *walk)
{
    walk->frame[walk->level].next = ec_level_window(&walk->arch->levels[walk->level]);
}
