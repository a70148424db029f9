#pragma once

#include <archive.h>
#include <archive_entry.h>

// AE_IFREG is a cast expression, which the importer leaves out.
static const unsigned int AE_IFREG_VALUE = AE_IFREG;
