"""The Qt window: views, and the controller that joins them to the engine's worker."""
