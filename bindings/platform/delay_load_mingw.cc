// Finds Node-API when MinGW has built the addon for Windows. The functions are
// in the host program, which may be node.exe, electron.exe or another
// executable. The addon's imports from "node.exe" are resolved at the first
// call, and this hook directs them to the host. cmake-js does the same for
// Microsoft's tools.
// clang-format off: delayimp.h needs the types of windows.h.
#include <windows.h>
#include <delayimp.h>
// clang-format on

namespace {

FARPROC WINAPI find_host(unsigned event, PDelayLoadInfo info) {
  if (event != dliNotePreLoadLibrary || lstrcmpiA(info->szDll, "node.exe") != 0)
    return nullptr;
  // Some hosts have Node in a separate library.
  HMODULE host = GetModuleHandleW(L"node.dll");
  if (!host) host = GetModuleHandleW(nullptr);
  return reinterpret_cast<FARPROC>(host);
}

}  // namespace

PfnDliHook __pfnDliNotifyHook2 = find_host;
