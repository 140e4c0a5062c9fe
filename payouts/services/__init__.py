"""The acts of the money: one public function is one act and one transaction; one noun a module."""
