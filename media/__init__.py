"""Pictures in and out: files to tensors, frames to animations, strips and grids."""
