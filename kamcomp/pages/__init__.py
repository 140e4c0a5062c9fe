"""What every page stands on: the shell and its navigation, tables, forms, figures in the reader's language, set-up."""
