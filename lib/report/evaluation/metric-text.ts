// The names and explanations of the metrics on the page.
import type { MetricName } from "./results.js";

export interface MetricText {
	label: string;
	level: "image" | "pixel";
	meaning: string;
}

export const metricText: Readonly<Record<MetricName, MetricText>> = {
	imageAuroc: {
		label: "AUROC",
		level: "image",
		meaning:
			"Area under the ROC curve of the image scores: the probability that a defective image has a higher " +
			"score than a good image.",
	},
	imageAp: {
		label: "AP",
		level: "image",
		meaning:
			"Average precision of the image scores: the area under the precision-recall curve, as a step function.",
	},
	imageAupr: {
		label: "AUPR",
		level: "image",
		meaning:
			"The area under the same curve by the trapezoidal rule, as some papers compute it. It is too " +
			"optimistic: a system that gives every image the same score gets more than half.",
	},
	imageF1: {
		label: "F1-max",
		level: "image",
		meaning: "The best F1 over all thresholds of the image score.",
	},
	pixelAuroc: {
		label: "AUROC",
		level: "pixel",
		meaning: "Area under the ROC curve of all pixels of a category.",
	},
	pixelAp: {
		label: "AP",
		level: "pixel",
		meaning:
			"Average precision over all pixels of a category. Most pixels are normal, so it is far below the AUROC.",
	},
	pixelF1: {
		label: "F1-max",
		level: "pixel",
		meaning: "The best F1 over all thresholds of the anomaly map.",
	},
	pro: {
		label: "PRO",
		level: "pixel",
		meaning:
			"Per-region overlap: the share of each defect that is found. Every defect has the same weight, " +
			"whatever its size.",
	},
};

export const levelText = { image: "Images", pixel: "Pixels" } as const;
