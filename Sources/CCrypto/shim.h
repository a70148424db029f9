#pragma once

// The functions of one hash are deprecated in favour of EVP, which needs to allocate and to look names up, and would
// bring all of the library's algorithms into the installer.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
