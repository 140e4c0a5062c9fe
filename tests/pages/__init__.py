"""The pages: figures, typed amounts, tables, forms, the frame around them, and what is made at set-up."""
