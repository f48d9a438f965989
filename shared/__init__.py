"""What every workflow domain may use. Knows no domain and never imports one."""
