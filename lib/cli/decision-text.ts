import { colour } from "./terminal.js";

/** A dash if no threshold is known. */
export function decisionText(anomalous: boolean | undefined): string {
	if (anomalous === undefined) return colour("dim", "–");
	return anomalous ? colour("red", "anomalous") : colour("green", "normal");
}
