/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static ec_status open_library(ec_library *library, ec_error *err)
{
    void *handle = dlopen(library->name, RTLD_NOW | RTLD_LOCAL);

    if (handle == NULL)
        return ec_fail(err, EC_EIO, "cannot load a library that entcap was built with: %s",
                       dlerror());
    for (size_t i = 0; i < library->n_symbols; i++) {
        const ec_symbol *symbol = &library->symbols[i];
        void *address = dlsym(handle, symbol->name);

        if (address == NULL)
            return ec_fail(err, EC_EIO, "%s has no function %s", library->name, symbol->name);
        memcpy(symbol->pointer, &address, sizeof address); /* ISO C has no cast for it */
    }
    return EC_OK;
}

ec_status ec_library_load(ec_library *library, ec_error *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    ec_status status = EC_OK;

    if (atomic_load(&library->loaded))
        return EC_OK;
    pthread_mutex_lock(&lock);
    if (!atomic_load(&library->loaded)) {
        status = open_library(library, err);
        atomic_store(&library->loaded, status == EC_OK);
    }
    pthread_mutex_unlock(&lock);
    return status;
}
