"""Template tags of the pages on which plans are designed."""
