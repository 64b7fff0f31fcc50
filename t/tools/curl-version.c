
/*
 * A library to preload: libcurl says that its version is the one that the
 * environment variable CURL_VERSION names, and with CURL_NO_TLS that it has
 * no TLS.
 */


#define _GNU_SOURCE

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>


typedef curl_version_info_data *(*curl_version_info_pt)(CURLversion age);


curl_version_info_data *
curl_version_info(CURLversion age)
{
    unsigned int                    major, minor, patch;
    const char                     *version;
    curl_version_info_pt            next;
    static curl_version_info_data   info;

    next = (curl_version_info_pt) dlsym(RTLD_NEXT, "curl_version_info");

    info = *next(age);
    version = getenv("CURL_VERSION");

    if (version && sscanf(version, "%u.%u.%u", &major, &minor, &patch) == 3) {
        info.version = version;
        info.version_num = major << 16 | minor << 8 | patch;
    }

    if (getenv("CURL_NO_TLS")) {
        info.features &= ~CURL_VERSION_SSL;
    }

    return &info;
}
