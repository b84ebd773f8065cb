/* SPDX-License-Identifier: Apache-2.0 */
/* What calls of oneDNN may throw, and what the guard makes of it. */
#include <cstdio>
#include <new>
#include <stdexcept>

#include <pthread.h>

#include "onednn_guard.h"

namespace {

int failed;

void check(bool fine, const char *what)
{
    std::printf("%s %s\n", fine ? "ok    " : "FAILED", what);
    if (!fine) failed++;
}

int32_t answers(void *user) { return *static_cast<int32_t *>(user); }
int32_t has_no_memory(void *) { throw std::bad_alloc(); }
int32_t is_wrong(void *) { throw std::runtime_error("x"); }
int32_t throws_a_number(void *) { throw 5; }
int32_t leaves(void *) { pthread_exit(nullptr); }

void *thread(void *user)
{
    (void)seqd_onednn_guard(leaves, nullptr);
    *static_cast<bool *>(user) = true; /* not reached */
    return user;
}

} // namespace

int main()
{
    int32_t zero = 0, five = 5;
    check(seqd_onednn_guard(answers, &zero) == 0, "success");
    check(seqd_onednn_guard(answers, &five) == 5, "a code of oneDNN");
    check(seqd_onednn_guard(has_no_memory, nullptr) == SEQD_ONEDNN_NO_MEMORY, "bad_alloc");
    check(seqd_onednn_guard(is_wrong, nullptr) == SEQD_ONEDNN_THREW, "an exception");
    check(seqd_onednn_guard(throws_a_number, nullptr) == SEQD_ONEDNN_THREW, "what is no exception class");
    bool survived = false;
    void *result = &survived;
    pthread_t id;
    check(pthread_create(&id, nullptr, thread, &survived) == 0 && pthread_join(id, &result) == 0, "a thread");
    check(!survived && result == nullptr, "a thread that ends inside leaves through the guard");
    return failed != 0;
}
