/* src/nt/ntstatus.h -- NTSTATUS values that the executive returns or tests.
 * Source: [MS-ERREF] 2.3.1; WDK ntstatus.h documentation. */
#ifndef NT_NTSTATUS_H
#define NT_NTSTATUS_H

#include <stdbool.h>
#include <stdint.h>

#define STATUS_SUCCESS                       0x00000000u
#define STATUS_USER_APC                      0x000000C0u
#define STATUS_TIMEOUT                       0x00000102u
#define STATUS_PENDING                       0x00000103u
#define STATUS_RESOURCE_REQUIREMENTS_CHANGED 0x00000119u
#define STATUS_OBJECT_NAME_EXISTS            0x40000000u
#define STATUS_BUFFER_OVERFLOW               0x80000005u
#define STATUS_NO_MORE_ENTRIES               0x8000001Au
#define STATUS_DEVICE_BUSY                   0x80000011u
#define STATUS_VERIFY_REQUIRED               0x80000016u
#define STATUS_UNSUCCESSFUL                  0xC0000001u
#define STATUS_NOT_IMPLEMENTED               0xC0000002u
#define STATUS_INVALID_INFO_CLASS            0xC0000003u
#define STATUS_INFO_LENGTH_MISMATCH          0xC0000004u
#define STATUS_ACCESS_VIOLATION              0xC0000005u
#define STATUS_INVALID_HANDLE                0xC0000008u
#define STATUS_INVALID_PARAMETER             0xC000000Du
#define STATUS_NO_SUCH_DEVICE                0xC000000Eu
#define STATUS_INVALID_DEVICE_REQUEST        0xC0000010u
#define STATUS_MORE_PROCESSING_REQUIRED      0xC0000016u
#define STATUS_INVALID_PARAMETER_5           0xC00000F3u
#define STATUS_MEMORY_NOT_ALLOCATED          0xC00000A0u
#define STATUS_FREE_VM_NOT_AT_BASE           0xC000009Fu
#define STATUS_UNABLE_TO_FREE_VM             0xC000001Au
#define STATUS_NO_MEMORY                     0xC0000017u
#define STATUS_CONFLICTING_ADDRESSES         0xC0000018u
#define STATUS_NOT_COMMITTED                 0xC000002Du
#define STATUS_SEMAPHORE_LIMIT_EXCEEDED      0xC0000047u
#define STATUS_INVALID_PAGE_PROTECTION       0xC0000045u
#define STATUS_PROCESS_IS_TERMINATING        0xC000010Au
#define STATUS_PROCEDURE_NOT_FOUND           0xC000007Au
#define STATUS_ACCESS_DENIED                 0xC0000022u
#define STATUS_BUFFER_TOO_SMALL              0xC0000023u
#define STATUS_OBJECT_TYPE_MISMATCH          0xC0000024u
#define STATUS_OBJECT_NAME_INVALID           0xC0000033u
#define STATUS_OBJECT_NAME_NOT_FOUND         0xC0000034u
#define STATUS_OBJECT_NAME_COLLISION         0xC0000035u
#define STATUS_OBJECT_PATH_INVALID           0xC0000039u
#define STATUS_OBJECT_PATH_NOT_FOUND         0xC000003Au
#define STATUS_OBJECT_PATH_SYNTAX_BAD        0xC000003Bu
#define STATUS_SHARING_VIOLATION             0xC0000043u
#define STATUS_DELETE_PENDING                0xC0000056u
#define STATUS_INSUFFICIENT_RESOURCES        0xC000009Au
#define STATUS_DEVICE_NOT_READY              0xC00000A3u
#define STATUS_NOT_SUPPORTED                 0xC00000BBu
#define STATUS_PLUGPLAY_NO_DEVICE            0xC000025Eu
#define STATUS_CANCELLED                     0xC0000120u
#define STATUS_DRIVER_UNABLE_TO_LOAD         0xC000026Cu
#define STATUS_NOT_FOUND                     0xC0000225u
#define STATUS_DEVICE_CONFIGURATION_ERROR    0xC0000182u
#define STATUS_CANNOT_DELETE                 0xC0000121u
#define STATUS_KEY_DELETED                   0xC000017Cu
#define STATUS_NAME_TOO_LONG                 0xC0000106u
#define STATUS_DEVICE_DOES_NOT_EXIST         0xC00000C0u
#define STATUS_STACK_OVERFLOW                0xC00000FDu
#define STATUS_INVALID_PARAMETER_1           0xC00000EFu
#define STATUS_INVALID_PARAMETER_2           0xC00000F0u
#define STATUS_INVALID_PARAMETER_3           0xC00000F1u
#define STATUS_INVALID_PARAMETER_4           0xC00000F2u
#define STATUS_INVALID_PARAMETER_6           0xC00000F4u
#define STATUS_INVALID_PARAMETER_8           0xC00000F6u
#define STATUS_INVALID_PARAMETER_9           0xC00000F7u
#define STATUS_NOT_MAPPED_VIEW               0xC0000019u
#define STATUS_INVALID_VIEW_SIZE             0xC000001Fu
#define STATUS_INVALID_FILE_FOR_SECTION      0xC0000020u
#define STATUS_SECTION_TOO_BIG               0xC0000040u
#define STATUS_INVALID_PAGE_PROTECTION       0xC0000045u
#define STATUS_SECTION_PROTECTION            0xC000004Eu
#define STATUS_COMMITMENT_LIMIT              0xC000012Du
#define STATUS_MAPPED_ALIGNMENT              0xC0000220u
#define STATUS_TOO_MANY_LINKS                0xC0000265u

/** NT_SUCCESS: success and information; NT_ERROR: severity 3. */
static inline bool nt_success(uint32_t status)
{
    return (int32_t)status >= 0;
}

static inline bool nt_error(uint32_t status)
{
    return status >> 30 == 3;
}

#endif
