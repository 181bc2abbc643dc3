"""What authors of plugins test with. Importing this package does not import torch.

- `check_acquisition`: does an acquisition keep its contract, whatever the predictions?
- `check_annotation_mode`: does an annotation mode keep its contract, prices of answers included?
- `check_dataset`: does a data set keep the contract of `alseg.contracts.Dataset`?
- `check_executor`: does an executor keep the contract of `alseg.contracts.Executor`?
- `check_model`: does a network keep the contract of `alseg.contracts.SegmentationModel`?
- `check_observer`: does an observer keep the contract of `alseg.contracts.Observer`?
- `check_partition`: does a partition keep the contract of `alseg.contracts.Partition`?
- `check_recipe`: does a recipe keep the contract of `alseg.contracts.Recipe`?
- `check_spec`: can a spec be listed, and sent to another process?
- `observe`, `parts_of_views`: what pool acquisitions get of images, for testing them.
- `observations_of`, `parts_of_pool`: the same from tensors and from sizes.
- `round_report`: a `RoundReport`, for testing observers.
- `view_of`: a `TargetView` from class probabilities, for testing acquisitions.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
