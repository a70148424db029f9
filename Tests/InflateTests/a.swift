import Inflate
