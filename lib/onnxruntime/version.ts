// The version of ONNX Runtime that this package works with, and the names of its files. The core and
// the CUDA provider must come from the same build, so the version is exact.
export const ortVersion = "1.30.0";

/**
 * The official GPU archive for CUDA 13. Its name and the SHA-256 for version 1.30.0 were read in six
 * public repositories that download it. They agree, but neither has been checked against GitHub
 * itself. The release API of GitHub must state the same hash. If the API does not answer, the
 * download is checked against this hash only.
 */
export const gpuArchive = {
	name: `onnxruntime-linux-x64-gpu_cuda13-${ortVersion}.tgz`,
	sha256: "382d79133112388cf94ce5855789b7c9bef12bef76a08b6b277e5a317213adcd",
};

/**
 * Names of the core library, the preferred one first. Archives contain the first one and links to
 * it. Python packages contain only the first one.
 */
export const coreNames = [
	`libonnxruntime.so.${ortVersion}`,
	"libonnxruntime.so.1",
	"libonnxruntime.so",
];
export const cudaProvider = "libonnxruntime_providers_cuda.so";
/** Connects the core and the provider. */
export const sharedProvider = "libonnxruntime_providers_shared.so";
