/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What there is to find, and the long explanations of `entcap explain`. */
#include "entcap/check.h"

#include <string.h>
#include <strings.h>

static const ec_check_rule rules[EC_N_RULES] = {
    [EC_RULE_UNREADABLE] =
        {"EC000", "unreadable", EC_SEVERITY_ERROR, "The description cannot be read.",
         "The file cannot be opened, is no description, or needs more than the limits allow. The\n"
         "message says what is wrong and what would be right. Nothing else is checked in this\n"
         "file, and the exit code is that of the failure: 3 for bad input, 4 for a limit, 5 for\n"
         "files and memory.\n"},
    [EC_RULE_REQUIREMENT_FAILED] =
        {"EC001", "requirement-failed", EC_SEVERITY_ERROR,
         "The bound is below what a requirement asks for.",
         "No weights give the network's tensor a rank above the bound (proved), so none can meet\n"
         "this requirement:\n"
         "\n"
         "    rank across (A, B)  <=  min over cuts of  prod of the dimensions that are cut\n"
         "\n"
         "Example: left-right is asked for rank 32, and the cut through r4 = 16 separates the two\n"
         "halves: min(r4, r3^2, ...) = 16.\n"
         "\n"
         "Remedy: the finding names the single layer that, widened, lifts the bound to the\n"
         "requirement for the fewest parameters; if no single one does, widths that do together\n"
         "(there may be cheaper ones: `entcap design --require ... --minimize params`). Check\n"
         "again afterwards: a bound that allows a rank does not prove that weights reach it.\n"},
    [EC_RULE_REQUIREMENT_HOPELESS] =
        {"EC002", "requirement-hopeless", EC_SEVERITY_ERROR,
         "No widths of the layers reach a requirement.",
         "Even with the widest layers that a description may have (2^20 channels) the bound stays\n"
         "below the requirement, because the sites themselves are too narrow:\n"
         "\n"
         "    rank across (A, B)  <=  M^min(|A|, |B|),   M channels a site\n"
         "\n"
         "or, with shared weights, because equal subtrees span symmetric powers only.\n"
         "\n"
         "Example: 4 sites of M = 2, two of them on side A: rank 4 at most, 5 are required.\n"
         "\n"
         "Remedy: ask for less, or give every site more channels (input: channels).\n"},
    [EC_RULE_REQUIREMENT_UNDECIDED] =
        {"EC003", "requirement-undecided", EC_SEVERITY_WARNING,
         "The bound allows a requirement, and nothing proves that weights reach it.",
         "An upper bound alone never makes a requirement met. It is met where a lower bound of\n"
         "the generic rank, the rank for all weights but a null set, reaches it: the power bound\n"
         "\n"
         "    rank  >=  p^flow(p),   every dimension rounded down to a power of p\n"
         "\n"
         "of independent weights, or a rank found for random weights modulo a prime. Where the\n"
         "generic rank was found and is smaller, it is the answer but for the error probability\n"
         "that the finding states.\n"
         "\n"
         "Remedy: allow exact ranks to take longer (--exact-limit, --exact-seconds), ask for what\n"
         "was found, or widen a layer. With `--strict` an undecided requirement is a 'no'.\n"},
    [EC_RULE_REQUIREMENT_TRIVIAL] =
        {"EC004", "requirement-trivial", EC_SEVERITY_WARNING,
         "A requirement asks for a rank that every network has.",
         "Rank 1, log2 rank 0: every tensor that is not zero has it, so that the requirement says\n"
         "nothing.\n"
         "\n"
         "Remedy: ask for 2 or more, or remove the requirement.\n"},
    [EC_RULE_REQUIREMENT_REPEATED] =
        {"EC005", "requirement-repeated", EC_SEVERITY_WARNING,
         "Two requirements speak of one partition.",
         "The larger of the two minima decides; the other one is met whenever it is.\n"
         "\n"
         "Remedy: keep the larger one.\n"},
    [EC_RULE_WIDTH_UNFILLABLE] =
        {"EC006", "width-unfillable", EC_SEVERITY_WARNING,
         "A layer has more channels than all that is below can fill.",
         "The d channels of a window are products of one function of each of its P children. Let\n"
         "the children span S dimensions each. The products are then forms on a space of\n"
         "\n"
         "    S^P               dimensions, each child with a matrix of its own,\n"
         "    C(S + P - 1, P)   dimensions, all children with one shared matrix,\n"
         "\n"
         "and of d products at most that many are linearly independent. The matrix above can take\n"
         "up the others: the network computes the same functions without them (proved, for all\n"
         "partitions). S is M at the sites, and the smaller of d and the above at every layer on\n"
         "the way up. Layers whose matrices are unshared below a shared one are left out, since\n"
         "there the relations differ from position to position. In a network: an index between\n"
         "two tensors carries at most the product of the other dimensions of either one.\n"
         "\n"
         "Example: M = 2, shared conv of 4 channels, windows of 2: C(3, 2) = 3 can be filled.\n"
         "\n"
         "Remedy: the number of channels that the finding names.\n"},
    [EC_RULE_WIDTH_IDLE] =
        {"EC007", "width-idle", EC_SEVERITY_NOTE,
         "Channels of a layer could go without lowering any bound.",
         "Across every partition that is checked (those of the description and those that its\n"
         "requirements name) the bound stays the same if this layer alone is made as narrow as\n"
         "the finding says, and falls if it is made narrower (proved, by evaluating the bounds at\n"
         "other widths). It is the bound that is kept: a rank below it may fall with the width.\n"
         "Such channels may still help training, or other partitions.\n"
         "\n"
         "Example: min(r4, r3^2) = 16 with r4 = r3 = 16: 4 channels of r3 would do.\n"
         "\n"
         "Remedy: narrow the layer, or widen what limits the bound. Several such layers may not\n"
         "all be narrowed at once: EC008 says how, and of a network with more than 16 such "
         "indices\n"
         "it alone names them.\n"},
    [EC_RULE_WIDTHS_IDLE] =
        {"EC008", "widths-idle", EC_SEVERITY_NOTE,
         "Channels of several layers together could go without lowering any bound.",
         "Widths, none above those of the description, that keep every bound that is checked. "
         "They\n"
         "do keep them (proved). 'proved' is said of the finding if moreover no such widths have\n"
         "fewer parameters, by branch and bound; 'estimate', if the search was cut short or the\n"
         "description is one for which it is not made (a network, a batch norm), so that even\n"
         "fewer may do.\n"
         "\n"
         "Remedy: the widths that the finding lists. `entcap design` finds others.\n"},
    [EC_RULE_WIDTH_STARVED] =
        {"EC009", "width-starved", EC_SEVERITY_WARNING,
         "One narrow layer limits every bound, and wider ones are wasted on it.",
         "Widening this layer alone raises the bound across every partition that is checked, and\n"
         "there are other layers with channels that keep no bound up today, but would if this one\n"
         "was as wide as the finding says; beyond that width it gains nothing alone (proved).\n"
         "\n"
         "Example: min(r4, r3^2) with r4 = 4, r3 = 16: r4 = 256 lifts the bound from 4 to 256,\n"
         "and until then 14 channels of r3 are wasted.\n"
         "\n"
         "Remedy: widen it, by as much as the parameters allow, or narrow the others (EC008).\n"},
    [EC_RULE_WIDTH_ONE] =
        {"EC010", "width-one", EC_SEVERITY_WARNING, "One channel carries no entanglement.",
         "A sum over one channel is one product. The network is then a product of functions of\n"
         "the blocks of sites below each of the window's children, and the rank across every\n"
         "partition that keeps these blocks whole is 1 (proved).\n"
         "\n"
         "Remedy: 2 channels or more.\n"},
    [EC_RULE_CONVS_ADJACENT] =
        {"EC011", "convs-adjacent", EC_SEVERITY_NOTE,
         "Two layers without a pool between them are one matrix.",
         "Nothing nonlinear stands between them: W2 W1 is a matrix, and one layer with it "
         "computes\n"
         "the same function. Two layers make sense where their width is so small that they have\n"
         "fewer parameters than their product; the finding is made where they have not (proved).\n"
         "\n"
         "Example: conv of 16 and conv of 16 on M = 10: 416 parameters, their product has 160.\n"
         "\n"
         "Remedy: one conv, or a pool between the two.\n"},
    [EC_RULE_WINDOW_ONE] = {"EC012", "window-one", EC_SEVERITY_WARNING,
                            "A pool of one position does nothing.",
                            "The product over a window of one position is that position.\n"
                            "\n"
                            "Remedy: remove it, or give it a larger window.\n"},
    [EC_RULE_WINDOW_SPLIT] =
        {"EC013", "window-split", EC_SEVERITY_NOTE, "A partition splits a window's sites unevenly.",
         "The boundary between the two sides passes some children of a window by and runs through\n"
         "others: of the subtrees that the window joins, at least one lies wholly on side A, one\n"
         "wholly on side B, and one or more have sites on both (proved, by counting). The cut\n"
         "cannot follow the boundary on one level then; it cuts the window's index, or the split\n"
         "subtrees further below, so that the bound is a product over several layers.\n"
         "\n"
         "Example: 28 = 2 * 2 * 7. left-right runs through the middle column of the 7 x 7 window:\n"
         "the min cut is r2 once and r1 in each of the seven subtrees of that column, r2 r1^7.\n"
         "\n"
         "Remedy: none is needed if that is meant. Otherwise windows of even size across the\n"
         "boundary, or partitions along the windows, such as block:1:0.\n"},
    [EC_RULE_PARTITION_REPEATED] =
        {"EC014", "partition-repeated", EC_SEVERITY_WARNING, "Two partitions have the same sides.",
         "Which side is called A does not matter to any bound, rank or entropy: the two give the\n"
         "same numbers twice.\n"
         "\n"
         "Remedy: keep one of the two.\n"},
    [EC_RULE_SHARING_LOWERS] =
        {"EC015", "sharing-lowers-bound", EC_SEVERITY_NOTE,
         "Shared weights lower a bound below its min cut.",
         "Equal subtrees with shared weights compute the same function of their sites, so that q\n"
         "of them on one side span symmetric tensors only:\n"
         "\n"
         "    C(G + q - 1, q)   dimensions instead of  G^q\n"
         "\n"
         "where each spans G. The bound is smaller than the min cut for that reason (proved).\n"
         "\n"
         "Example: 4 sites, M = 2, AABB: the min cut is 4, the bound C(3, 2) = 3.\n"
         "\n"
         "Remedy: count on the smaller bound, or unshare the layer that the finding names: of\n"
         "those that alone lift the bound to the min cut it is the one that costs the fewest\n"
         "parameters.\n"},
    [EC_RULE_BOUND_MISSED] =
        {"EC016", "bound-missed", EC_SEVERITY_NOTE, "The generic rank is below the bound.",
         "The bound is a limit that no weights exceed, and here none attain it, almost surely: "
         "the\n"
         "rank for random weights modulo a random prime was found to be smaller. It is never too\n"
         "large, and too small with the probability that the finding states (Schwartz-Zippel).\n"
         "The largest rank of all weights is the generic one.\n"
         "\n"
         "Example: the bridge network of two tensors of 4 x 11 x 3: min cut 44, generic rank 43.\n"
         "\n"
         "Remedy: count on the generic rank. If the tensors are independent (nothing shared) and\n"
         "every dimension is a power of one integer, the min cut is attained (proved).\n"},
    [EC_RULE_CUT_UNCERTIFIED] =
        {"EC017", "cut-uncertified", EC_SEVERITY_WARNING, "A min cut is not proved to be minimal.",
         "The cut was found with rounded logarithms of the dimensions as capacities, and a "
         "smaller\n"
         "one could hide behind the rounding. It is a valid upper bound all the same. Findings on\n"
         "widths that rest on such cuts say 'estimate'.\n"
         "\n"
         "Remedy: dimensions that are powers of one integer are not rounded at all.\n"},
    [EC_RULE_NOT_EXAMINED] =
        {"EC018", "not-examined", EC_SEVERITY_NOTE, "Widths were not examined.",
         "Bounds at other widths would take more time or memory than is allowed, so that findings\n"
         "EC006 to EC009 may be missing, and failed requirements come without numbers.\n"
         "\n"
         "Remedy: fewer partitions, or a larger --memory.\n"},
};

const ec_check_rule *ec_check_rule_at(size_t k)
{
    return k < EC_N_RULES ? &rules[k] : NULL;
}

size_t ec_check_find_rule(const char *word)
{
    size_t k = 0;

    while (k < EC_N_RULES && strcasecmp(word, rules[k].code) != 0 &&
           strcasecmp(word, rules[k].name) != 0)
        k++;
    return k;
}

const char *ec_severity_text(ec_severity severity)
{
    static const char *const text[] = {"off", "note", "warning", "error"};

    return text[severity];
}

const char *ec_certainty_text(ec_certainty certainty)
{
    static const char *const text[] = {"proved", "probable", "estimate", "undecided"};

    return text[certainty];
}
