#pragma once

#include <curl/curl.h>

// curl's setters and getters are variadic, which Swift can't call: one typed form for each kind of value that we use.

typedef size_t (*sealift_body_callback)(char *bytes, size_t size, size_t count, void *context);

typedef int (*sealift_seek_callback)(void *context, curl_off_t offset, int origin);

static inline CURLcode sealift_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode sealift_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode sealift_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode sealift_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode sealift_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode sealift_set_callback(CURL *handle, CURLoption option, sealift_body_callback value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode sealift_set_seek(CURL *handle, sealift_seek_callback value) {
    return curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, value);
}

static inline CURLcode sealift_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode sealift_get_pointer(CURL *handle, CURLINFO info, void **value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLMcode sealift_multi_set_long(CURLM *handle, CURLMoption option, long value) {
    return curl_multi_setopt(handle, option, value);
}

// CURLMsg keeps its result in a union.
static inline CURLcode sealift_message_result(const CURLMsg *message) {
    return message->data.result;
}
