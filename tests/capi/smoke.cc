/* The header is C++ too, and its functions have C linkage. */
#include "configcid.h"
#include "configcid.h"

int main() {
    configcid_cid *cid = NULL;
    int32_t status = configcid_open("/no/such/cid", &cid);
    configcid_close(cid);
    return status == CONFIGCID_FAILED ? 0 : 1;
}
