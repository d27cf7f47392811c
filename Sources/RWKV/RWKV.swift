/// Everything in one import: models, tokenizers, generation, training, evaluation.
@_exported public import Checkpoints
@_exported public import Evaluation
@_exported public import Generation
@_exported public import LanguageModels
@_exported public import Quantizing
@_exported public import Tensors
@_exported public import Tokenizers
@_exported public import Training
@_exported public import TrainingData
