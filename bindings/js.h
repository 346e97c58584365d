// Node-API. Only this file includes <napi.h>.
#pragma once
#include <napi.h>
