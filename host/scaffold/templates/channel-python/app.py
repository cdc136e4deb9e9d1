"""What a component is made of: the world exports one interface, and `adapter` holds its resource."""

import adapter
