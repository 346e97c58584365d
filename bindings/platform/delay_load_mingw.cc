// Node-API is the host program's own, whatever that is called: node.exe,
// electron.exe, an application's. The addon's imports "from node.exe" are
// therefore looked up late, and here in the program itself. (With Microsoft's
// tools cmake-js does this.)
#define WIN32_LEAN_AND_MEAN
#include <delayimp.h>
#include <windows.h>

namespace {

FARPROC WINAPI find_host(unsigned event, PDelayLoadInfo what) {
  if (event != dliNotePreLoadLibrary || lstrcmpiA(what->szDll, "node.exe") != 0)
    return nullptr;
  HMODULE library = GetModuleHandleW(
      L"node.dll");  // hosts that keep Node in a library of its own
  if (!library) library = GetModuleHandleW(nullptr);
  return reinterpret_cast<FARPROC>(library);
}

}  // namespace

PfnDliHook __pfnDliNotifyHook2 = find_host;
