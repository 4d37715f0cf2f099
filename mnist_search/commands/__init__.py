"""The application: one function a command, with keyword arguments and a result; prints nothing."""
