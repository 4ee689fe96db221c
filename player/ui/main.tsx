import '../../common/ui/base.css';
