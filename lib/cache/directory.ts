// Where things are kept between runs: ALFA_CACHE where set, else the platform's cache folder for alfa-vad.
import envPaths from "env-paths";

export function cacheDirectory(): string {
	return (
		process.env["ALFA_CACHE"] || envPaths("alfa-vad", { suffix: "" }).cache
	);
}
