"""Runs an image and all its windows through open_clip's tower in plain PyTorch; tokens outside a window are dropped."""

import torch


def window_rows(grid, side):
    """[windows, side * side]: each window's patches, row-major, 0 = the first patch"""
    corners = [(r, c) for r in range(grid - side + 1) for c in range(grid - side + 1)]
    return torch.tensor([[(r + i) * grid + c + j for i in range(side) for j in range(side)] for r, c in corners])


class Windows(torch.nn.Module):
    """Pixels [1, 3, S, S] -> embeddings [1 + windows, E].

    The transformer runs `batch` windows per call; 0 means all windows of a scale.
    """

    def __init__(self, visual, scales=(2, 3), batch=0):
        super().__init__()
        self.visual, self.batch = visual, batch
        self.rows = [window_rows(visual.grid_size[0], side) for side in scales]

    def tower(self, tokens):
        visual = self.visual
        tokens = visual.ln_pre(tokens)
        tokens = visual.transformer(tokens.permute(1, 0, 2)).permute(1, 0, 2)  # open_clip 2: [tokens, windows, width]
        return visual.ln_post(tokens[:, 0]) @ visual.proj

    def forward(self, pixels):
        visual = self.visual
        patches = visual.conv1(pixels).flatten(2).transpose(1, 2)
        tokens = torch.cat([visual.class_embedding.reshape(1, 1, -1), patches], 1) + visual.positional_embedding
        out = [self.tower(tokens)]
        for rows in self.rows:
            for some in rows.split(self.batch or len(rows)):
                kept = tokens[0, 1 + some.reshape(-1)].reshape(len(some), some.shape[1], -1)
                out.append(self.tower(torch.cat([tokens[:, :1].expand(len(some), -1, -1), kept], 1)))
        return torch.cat(out)
