/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_H
#define ENTCAP_H

/** The whole public interface of entcap. */

#include "entcap/arch.h"
#include "entcap/bound.h"
#include "entcap/check.h"
#include "entcap/core.h"
#include "entcap/data.h"
#include "entcap/design.h"
#include "entcap/draw.h"
#include "entcap/fit.h"
#include "entcap/io.h"
#include "entcap/linalg.h"
#include "entcap/model.h"
#include "entcap/network.h"
#include "entcap/report.h"
#include "entcap/state.h"
#include "entcap/train.h"

#endif
