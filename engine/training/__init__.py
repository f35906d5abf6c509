"""How a network learns: settings, events, schedules, initial weights and the one training loop."""
