// What the metrics are called on the page, and what they mean to its reader.
import type { MetricName } from "../../evaluate/results.js";

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
			"Area under the ROC curve of the image scores: how often a defective image scores higher than a good one.",
	},
	imageAp: {
		label: "AP",
		level: "image",
		meaning:
			"Average precision of the image scores: the area under the precision-recall curve, by steps.",
	},
	imageAupr: {
		label: "AUPR",
		level: "image",
		meaning:
			"The same area by trapezoids, as some papers have it. It flatters: a system that scores all images alike gets more than half.",
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
			"Average precision over all pixels of a category; most pixels are normal, so it is far below AUROC.",
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
			"Per-region overlap: the share of each defect that is found, every defect weighing the same whatever its size.",
	},
};

export const levelText = { image: "Images", pixel: "Pixels" } as const;
