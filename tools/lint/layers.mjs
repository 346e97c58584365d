// The rooms of lib/ and native/ in layers, lowest first. A file may import from its own layer and from lower layers.
// The longest name that matches a file's path counts. architecture.mjs checks this.

export const libLayers = [
	["errors.ts", "util"],
	["options"],
	["download", "llm", "tokenizer"],
	["prompts"],
	["cache", "settings"],
	["models"],
	["native"],
	["images", "metrics", "metrics.ts", "onnxruntime"],
	["datasets", "recipes.ts"],
	["detection", "detection.ts"],
	["category", "category.ts"],
	["engine.ts"],
	["bench", "report"],
	["evaluate"],
	["index.ts"],
	["cli"],
];

export const nativeLayers = [
	["error.h", "error.cc", "enum_names.h"],
	// Small headers without dependencies. The rest of runtime/ runs graphs whose operators are our kernels.
	["runtime/half.h", "runtime/log.h", "runtime/path.h"],
	["checkpoint", "kernels", "metrics"],
	["graph"],
	["runtime"],
	["settings.h", "engine.h", "engine"],
	["cuda_emulator"],
	["check", "bench"],
];

/** All that bindings/ may include from outside of its folder. */
export const bindingsMayInclude = ["native/engine.h"];
