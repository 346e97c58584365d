import envPaths from "env-paths";

/**
 * The folder for everything that is kept between runs: ALFA_CACHE, else the platform's cache folder
 * for alfa-vad.
 */
export function cacheDirectory(): string {
	return (
		process.env["ALFA_CACHE"] || envPaths("alfa-vad", { suffix: "" }).cache
	);
}
