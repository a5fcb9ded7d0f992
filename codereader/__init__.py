"""Read source trees and answer questions about their structure on this machine."""

__version__ = "0.1.0"
