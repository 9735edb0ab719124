/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_i.h"

bool ec_report_holds(const ec_states_found *found)
{
    for (size_t i = 0; i < found->partitions->n; i++)
        if (!found->states[i].holds)
            return false;
    return found->profile == NULL || found->profile->holds;
}

bool ec_report_measured(const ec_state *state)
{
    for (size_t y = 0; y < state->n_labels; y++) {
        const ec_label_state *label = &state->labels[y];

        if (label->rank.known || label->forward.known || label->von_neumann.known ||
            label->renyi2.known)
            return true;
    }
    return false;
}
