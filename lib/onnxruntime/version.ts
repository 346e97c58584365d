// The ONNX Runtime that this package is made for, and what its GPU build is called. Core and CUDA provider fit each other
// only within one build, so the version is exact.
export const ortVersion = "1.30.0";

/**
 * The official GPU archive for CUDA 13. Its name, and the SHA-256 of version 1.30.0, were read in six public repositories
 * that download it and agree; neither was tried here against GitHub. The hash is what a download is held to where GitHub's
 * release API cannot be asked, and what the API's own must equal where it can.
 */
export const gpuArchive = {
	name: `onnxruntime-linux-x64-gpu_cuda13-${ortVersion}.tgz`,
	sha256: "382d79133112388cf94ce5855789b7c9bef12bef76a08b6b277e5a317213adcd",
};

/** The core's names, the surest first: archives carry the first and links to it, Python's folder the first alone. */
export const coreNames = [
	`libonnxruntime.so.${ortVersion}`,
	"libonnxruntime.so.1",
	"libonnxruntime.so",
];
export const cudaProvider = "libonnxruntime_providers_cuda.so";
/** The bridge between the two. */
export const sharedProvider = "libonnxruntime_providers_shared.so";
