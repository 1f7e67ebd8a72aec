"""The codec of the QR symbol, Model 2 (ISO/IEC 18004:2015): text to modules and back, no images."""
