"""What somebody is told: in the application, and by mail if they want it."""
