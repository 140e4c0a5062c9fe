"""The measurements, tried out small: they cannot rot unseen."""
