"""Speech: the recogniser door, the synthesiser door, codecs, resampling and the catalogue of models. Knows no call."""
