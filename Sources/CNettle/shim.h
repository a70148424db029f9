#pragma once

#include <errno.h>
#include <nettle/aes.h>
#include <nettle/bignum.h>
#include <nettle/cbc.h>
#include <nettle/dsa.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>
#include <nettle/eddsa.h>
#include <nettle/pbkdf2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

// GMP's numbers are arrays of one, which Swift can't pass: each function here takes and gives bytes, most significant
// first, 32 for each number.

#define SEALIFT_P256_SIZE 32

// Fills with the kernel's randomness; where there is none, nothing may be signed and no key made.
static inline void sealift_random(void *context, size_t count, uint8_t *bytes) {
    (void)context;
    while (count > 0) {
        ssize_t got = getrandom(bytes, count, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) abort();
        bytes += got;
        count -= (size_t)got;
    }
}

static inline int sealift_p256_set_point(struct ecc_point *point, const uint8_t *x, const uint8_t *y) {
    mpz_t a, b;
    nettle_mpz_init_set_str_256_u(a, SEALIFT_P256_SIZE, x);
    nettle_mpz_init_set_str_256_u(b, SEALIFT_P256_SIZE, y);
    int is_on_curve = ecc_point_set(point, a, b);
    mpz_clear(a);
    mpz_clear(b);
    return is_on_curve;
}

// Whether (x, y) is a point of the curve.
static inline int sealift_p256_is_point(const uint8_t *x, const uint8_t *y) {
    struct ecc_point point;
    ecc_point_init(&point, nettle_get_secp_256r1());
    int is_on_curve = sealift_p256_set_point(&point, x, y);
    ecc_point_clear(&point);
    return is_on_curve;
}

// Whether (r, s) is a signature of the digest by the key (x, y).
static inline int sealift_p256_verify(
    const uint8_t *x, const uint8_t *y, size_t count, const uint8_t *digest, const uint8_t *r, const uint8_t *s) {
    struct ecc_point point;
    struct dsa_signature signature;
    ecc_point_init(&point, nettle_get_secp_256r1());
    dsa_signature_init(&signature);
    nettle_mpz_set_str_256_u(signature.r, SEALIFT_P256_SIZE, r);
    nettle_mpz_set_str_256_u(signature.s, SEALIFT_P256_SIZE, s);
    int is_valid = sealift_p256_set_point(&point, x, y) && ecdsa_verify(&point, count, digest, &signature);
    dsa_signature_clear(&signature);
    ecc_point_clear(&point);
    return is_valid;
}

static inline int sealift_p256_set_secret(struct ecc_scalar *scalar, const uint8_t *secret) {
    mpz_t number;
    nettle_mpz_init_set_str_256_u(number, SEALIFT_P256_SIZE, secret);
    int is_in_range = ecc_scalar_set(scalar, number);
    mpz_clear(number);
    return is_in_range;
}

// The public key (x, y) of a secret; 0 where the secret is none.
static inline int sealift_p256_public(const uint8_t *secret, uint8_t *x, uint8_t *y) {
    struct ecc_scalar scalar;
    struct ecc_point point;
    ecc_scalar_init(&scalar, nettle_get_secp_256r1());
    int is_secret = sealift_p256_set_secret(&scalar, secret);
    if (is_secret) {
        mpz_t a, b;
        mpz_init(a);
        mpz_init(b);
        ecc_point_init(&point, nettle_get_secp_256r1());
        ecc_point_mul_g(&point, &scalar);
        ecc_point_get(&point, a, b);
        nettle_mpz_get_str_256(SEALIFT_P256_SIZE, x, a);
        nettle_mpz_get_str_256(SEALIFT_P256_SIZE, y, b);
        ecc_point_clear(&point);
        mpz_clear(a);
        mpz_clear(b);
    }
    ecc_scalar_clear(&scalar);
    return is_secret;
}

// A new secret.
static inline void sealift_p256_generate(uint8_t *secret) {
    struct ecc_scalar scalar;
    mpz_t number;
    ecc_scalar_init(&scalar, nettle_get_secp_256r1());
    mpz_init(number);
    ecc_scalar_random(&scalar, NULL, sealift_random);
    ecc_scalar_get(&scalar, number);
    nettle_mpz_get_str_256(SEALIFT_P256_SIZE, secret, number);
    mpz_clear(number);
    ecc_scalar_clear(&scalar);
}

// Signs a digest; 0 where the secret is none.
static inline int sealift_p256_sign(
    const uint8_t *secret, size_t count, const uint8_t *digest, uint8_t *r, uint8_t *s) {
    struct ecc_scalar scalar;
    struct dsa_signature signature;
    ecc_scalar_init(&scalar, nettle_get_secp_256r1());
    dsa_signature_init(&signature);
    int is_secret = sealift_p256_set_secret(&scalar, secret);
    if (is_secret) {
        ecdsa_sign(&scalar, NULL, sealift_random, count, digest, &signature);
        nettle_mpz_get_str_256(SEALIFT_P256_SIZE, r, signature.r);
        nettle_mpz_get_str_256(SEALIFT_P256_SIZE, s, signature.s);
    }
    dsa_signature_clear(&signature);
    ecc_scalar_clear(&scalar);
    return is_secret;
}

// AES in CBC mode, in place; the key has 16, 24 or 32 bytes, the content whole blocks.
static inline void sealift_aes_cbc(
    int decrypts, size_t key_count, const uint8_t *key, const uint8_t *start, size_t count, uint8_t *bytes) {
    struct sealift_aes { union { struct aes128_ctx a; struct aes192_ctx b; struct aes256_ctx c; } u; } context;
    nettle_cipher_func *cipher;
    uint8_t vector[AES_BLOCK_SIZE];
    memcpy(vector, start, sizeof vector);
    switch (key_count) {
    case 16:
        cipher = (nettle_cipher_func *)(decrypts ? aes128_decrypt : aes128_encrypt);
        (decrypts ? aes128_set_decrypt_key : aes128_set_encrypt_key)(&context.u.a, key);
        break;
    case 24:
        cipher = (nettle_cipher_func *)(decrypts ? aes192_decrypt : aes192_encrypt);
        (decrypts ? aes192_set_decrypt_key : aes192_set_encrypt_key)(&context.u.b, key);
        break;
    default:
        cipher = (nettle_cipher_func *)(decrypts ? aes256_decrypt : aes256_encrypt);
        (decrypts ? aes256_set_decrypt_key : aes256_set_encrypt_key)(&context.u.c, key);
    }
    (decrypts ? cbc_decrypt : cbc_encrypt)(&context, cipher, AES_BLOCK_SIZE, vector, count, bytes, bytes);
}
