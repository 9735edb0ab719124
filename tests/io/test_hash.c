/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "entcap/io.h"

/* The examples of FIPS 180-4. */
static void the_published_digests_come_out(void **state)
{
    char digest[65];
    (void)state;

    ec_sha256(digest, "abc", 3);
    assert_string_equal(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ec_sha256(digest, "", 0);
    assert_string_equal(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_digests_come_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
