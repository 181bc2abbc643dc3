"""What the recipes compute with. Modules here may import torch when they are imported."""
