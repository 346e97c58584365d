// uPlot's script defines this global before the viewer runs.
declare const uPlot: typeof import("uplot");
